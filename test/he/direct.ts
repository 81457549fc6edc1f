export { evaluateDirectly } from '../../he/direct.ts';
