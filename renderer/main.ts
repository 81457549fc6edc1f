import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';

document.documentElement.dataset.theme = localStorage.getItem('theme') === 'light' ? 'light' : 'dark';
mount(App, { target: document.getElementById('app')! });
